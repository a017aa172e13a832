// A host that publishes JSON documents by https, with a certificate of the demo's own authority.

import { once } from 'node:events';
import { createServer } from 'node:https';

import { localhostCertificate } from './certificate.mjs';
import { demo } from './demo.mjs';

/** Begins to publish. `documents` maps paths to what lies there and may change; `asked` says which of them were fetched. */
export async function publisher() {
  const [documents, asked] = [new Map(), []];
  const server = createServer(await localhostCertificate(demo.data_dir), ({ url }, response) => {
    const { pathname } = new URL(url, 'https://localhost');
    asked.push(pathname);
    const document = documents.get(pathname);
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(document && JSON.stringify(document));
  }).listen(0, 'localhost');
  await once(server, 'listening');
  return { origin: `https://localhost:${server.address().port}`, documents, asked, close: () => server.close() };
}
