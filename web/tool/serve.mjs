/** A static file server on loopback, for `npm start` and the tests. `PORT=0` lets the system choose. */

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { WEB } from './sh.mjs';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Serves a folder; resolves with the server and its address once it listens. */
export function serve(folder, port) {
  const server = http.createServer((request, response) => answer(folder, request, response));
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve({ server, address: `http://127.0.0.1:${server.address().port}/` });
    });
  });
}

function answer(folder, request, response) {
  const wanted = decodeURIComponent(new URL(request.url, 'http://x').pathname);
  const file = path.join(folder, wanted.endsWith('/') ? `${wanted}index.html` : wanted);
  const inside = file.startsWith(folder + path.sep);
  if (!inside || !fs.existsSync(file) || !fs.statSync(file).isFile()) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
    return;
  }
  const type = TYPES[path.extname(file)] ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
  fs.createReadStream(file).pipe(response);
}

if (process.argv[1] === import.meta.filename) {
  const { address } = await serve(path.resolve(WEB, process.argv[2] ?? 'dist'), Number(process.env.PORT ?? 0));
  console.log(address);
}
