// The sandbox's drive API: the citizen's part without a browser.

/** Goes through the pages for `person`; answers the address the citizen is returned to. */
export async function drive(demo, body) {
  const response = await fetch(new URL('/sandbox/drive', demo.portal), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`drive: ${response.status} ${text}`);
  return new URL(JSON.parse(text).redirect_to);
}
