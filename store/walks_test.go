package store_test

const many = 201
