/**
 * Drives a Firefox that is installed: WebDriver BiDi, the protocol that it speaks by itself, over a small WebSocket client.
 * (Playwright brings a Firefox of its own, and Node 20 has no WebSocket yet.)
 */

import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** Keys by their names, as WebDriver numbers them. */
const KEYS = { ArrowLeft: '\uE012', ArrowRight: '\uE014', Enter: '\uE007', Escape: '\uE00C', Home: '\uE011', End: '\uE010' };

/** Starts a browser on a profile of its own; what it is asked waits for its answer. */
export class Firefox {
  #number = 0;
  #asked = new Map();

  static async start(executable) {
    const firefox = new Firefox();
    firefox.profile = fs.mkdtempSync(path.join(os.tmpdir(), 'vitrine-firefox-'));
    fs.writeFileSync(path.join(firefox.profile, 'user.js'), 'user_pref("app.update.enabled", false);\nuser_pref("datareporting.policy.dataSubmissionEnabled", false);\n');
    firefox.child = spawn(executable, ['--headless', '--no-remote', '--profile', firefox.profile, '--remote-debugging-port', '0', 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const address = await new Promise((resolve, reject) => {
      let said = '';
      firefox.child.stderr.on('data', (data) => {
        said += data;
        const found = /WebDriver BiDi listening on ws:\/\/([^:]+):(\d+)/.exec(said);
        if (found) resolve({ host: found[1], port: Number(found[2]) });
      });
      firefox.child.on('error', reject);
      firefox.child.on('exit', () => reject(new Error(`Firefox has ended: ${said}`)));
    });
    firefox.socket = await connect(address, (message) => firefox.#hear(JSON.parse(message)));
    await firefox.ask('session.new', { capabilities: {} });
    const { contexts } = await firefox.ask('browsingContext.getTree', {});
    firefox.context = contexts[0].context;
    return firefox;
  }

  #hear({ id, result, error, message }) {
    const waiting = this.#asked.get(id);
    if (!waiting) return;
    this.#asked.delete(id);
    if (error) waiting.reject(new Error(`${error}: ${message}`));
    else waiting.resolve(result);
  }

  ask(method, params) {
    const id = ++this.#number;
    const answer = new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
    this.socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }

  goTo(url) {
    return this.ask('browsingContext.navigate', { context: this.context, url, wait: 'complete' });
  }

  /** What an expression in the page is: a string, a number, a boolean. */
  async value(expression) {
    const { type, result, exceptionDetails } = await this.ask('script.evaluate', { expression, target: { context: this.context }, awaitPromise: true });
    if (type === 'exception') throw new Error(exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is so. */
  async until(expression, what = expression) {
    for (const end = Date.now() + 30_000; Date.now() < end; ) {
      if (await this.value(expression).catch(() => false)) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`waited in vain for: ${what}`);
  }

  /** Presses keys, one after the other; a text is typed letter by letter. */
  press(...keys) {
    const actions = keys.flatMap((key) => (KEYS[key] ? [KEYS[key]] : [...key])).flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]);
    return this.ask('input.performActions', { context: this.context, actions: [{ type: 'key', id: 'keyboard', actions }] });
  }

  async close() {
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.removeAllListeners('error');
    this.socket.end();
    this.child.kill();
    await ended;
    fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** A WebSocket that sends and hears texts. */
function connect({ host, port }, hear) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, host);
    let rest = Buffer.alloc(0);
    let open = false;
    let text = [];
    socket.on('error', reject);
    socket.on('connect', () => {
      const key = crypto.randomBytes(16).toString('base64');
      socket.write(`GET /session HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`);
    });
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data]);
      if (!open) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!rest.toString('latin1').startsWith('HTTP/1.1 101')) return reject(new Error(rest.toString('latin1').split('\r\n')[0]));
        rest = rest.subarray(end + 4);
        open = true;
        resolve({ send: (message) => socket.write(frame(message)), end: () => socket.destroy() });
      }
      for (let found; (found = unframe(rest)); rest = rest.subarray(found.length)) {
        if (found.opcode > 2) continue;
        text.push(found.payload);
        if (found.last) hear(Buffer.concat(text.splice(0)).toString());
      }
    });
  });
}

/** A text in one frame, masked as clients must. */
function frame(message) {
  const payload = Buffer.from(message);
  const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.alloc(payload.length < 65536 ? 4 : 10);
  if (payload.length >= 126) {
    head[0] = 0x81;
    head[1] = 0x80 | (payload.length < 65536 ? 126 : 127);
    if (payload.length < 65536) head.writeUInt16BE(payload.length, 2);
    else head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  const mask = crypto.randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, n) => byte ^ mask[n % 4])]);
}

/** The first frame of these bytes, if it is all there. */
function unframe(bytes) {
  if (bytes.length < 2) return undefined;
  let [length, at] = [bytes[1] & 0x7f, 2];
  if (length === 126) [length, at] = bytes.length < 4 ? [Infinity, 4] : [bytes.readUInt16BE(2), 4];
  else if (length === 127) [length, at] = bytes.length < 10 ? [Infinity, 10] : [Number(bytes.readBigUInt64BE(2)), 10];
  if (bytes.length < at + length) return undefined;
  return { last: (bytes[0] & 0x80) !== 0, opcode: bytes[0] & 0x0f, payload: bytes.subarray(at, at + length), length: at + length };
}
