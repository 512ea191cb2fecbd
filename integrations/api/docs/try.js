'use strict'
{
  const byID = id => document.getElementById(id)
  const answer = byID('answer')

  const show = (...nodes) => {
    URL.revokeObjectURL(answer.dataset.file ?? '')
    delete answer.dataset.file
    answer.replaceChildren(...nodes)
  }

  const element = (name, attributes, text) => {
    const e = document.createElement(name)
    for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value)
    e.textContent = text
    return e
  }

  const failed = text => show(element('p', { class: 'bad' }, text))

  const made = passes => {
    const nodes = []
    for (const pass of passes) {
      const bytes = Uint8Array.from(atob(pass.applePass), c => c.charCodeAt(0))
      const file = URL.createObjectURL(new Blob([bytes], { type: 'application/vnd.apple.pkpass' }))
      const serial = element('p', {}, 'Serial number ')
      serial.append(element('code', {}, pass.serialNumber))
      nodes.push(serial,
        element('a', { class: 'button', href: pass.shareUrl, target: '_blank', rel: 'noreferrer' }, 'Open its page'),
        element('a', { class: 'button plain', href: file, download: pass.serialNumber + '.pkpass' }, 'Download the pass'))
    }
    show(...nodes)
  }

  byID('try').addEventListener('submit', async event => {
    event.preventDefault()
    const button = event.target.querySelector('button')
    button.disabled = true
    try {
      const response = await fetch('passes?format=json', {
        method: 'POST',
        headers: { 'Authorization': 'Bearer ' + byID('key').value.trim(), 'Content-Type': 'application/json' },
        body: byID('body').value,
      })
      const body = await response.json()
      if (response.ok) made(body.passes ?? [body])
      else failed(`${response.status}: ${body.error}`)
    } catch (error) {
      failed('The server did not answer: ' + error.message)
    } finally {
      button.disabled = false
    }
  })
}
