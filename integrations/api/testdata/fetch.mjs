import { writeFile } from 'node:fs/promises'

const res = await fetch('https://api.walletwallet.dev/api/pkpass', {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    'Authorization': 'Bearer ww_live_<your_key>',
  },
  body: JSON.stringify({
    barcodeValue: 'TICKET-789',
    barcodeFormat: 'QR',
    title: 'Event Ticket',
  }),
})
if (!res.ok) throw new Error(await res.text())
await writeFile('ticket.pkpass', Buffer.from(await res.arrayBuffer()))
