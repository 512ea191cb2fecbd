package barcodes

// Enlarged is a barcode as a screen shows it.
var Enlarged = enlarged
