/**
 * Finds what the build and the tests need, and installs what is missing.
 *
 * Needed beforehand: Rust (rustup), Node 20 and npm. The rest is had from where the system has it: packages by
 * `apt-get` where we are root or may `sudo` without a password, else Playwright's own download of Chromium.
 */

import fs from 'node:fs';
import path from 'node:path';

import { ROOT, WEB, ask, run, which } from './sh.mjs';

const TARGET = 'wasm32-unknown-unknown';

/** The compiler of `rust-toolchain.toml`, with the wasm target. */
export async function ensureRust() {
  if (!which('cargo')) throw new Error('Rust is missing: install it from https://rustup.rs, then run this again');
  const library = () => ask('rustc', ['--print', 'target-libdir', '--target', TARGET]);
  if (fs.existsSync(library() ?? '')) return;
  if (!which('rustup')) throw new Error(`the Rust target ${TARGET} is missing: install it with your Rust`);
  await run('rustup', ['target', 'add', TARGET]);
  if (!fs.existsSync(library() ?? '')) throw new Error(`the Rust target ${TARGET} could not be installed`);
}

/** The npm packages of web/, as its lock file says. */
export async function ensureNodeModules() {
  const lock = path.join(WEB, 'package-lock.json');
  const installed = path.join(WEB, 'node_modules/.package-lock.json');
  if (fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs) return;
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: WEB, env: { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1' } });
  fs.utimesSync(installed, new Date(), new Date());
}

/** Installs Debian packages if that is possible here; says whether it was. */
async function apt(...packages) {
  if (!which('apt-get')) return false;
  const root = process.getuid?.() === 0;
  if (!root && ask('sudo', ['-n', 'true']) === undefined) return false;
  const [command, ...prefix] = root ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run(command, [...prefix, 'update', '-q'], { env });
    await run(command, [...prefix, 'install', '-y', '-q', '--no-install-recommends', ...packages], { env });
    return true;
  } catch (failure) {
    console.log(`could not install ${packages.join(', ')}: ${failure.message}`);
    return false;
  }
}

// Of what `apt-get install chromium` may give, a snap's wrapper script does not run in a container: ask it.
const works = (browser) => browser && ask(browser, ['--version']) !== undefined;

function installedChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const found = [process.env.CHROME_PATH, ...names].map((name) => which(name)).filter(works);
  return found[0];
}

/** A Chromium to test with; `CHROME_PATH` names one's own. Returns its path. */
export async function ensureChromium() {
  const present = installedChromium();
  if (present) return present;
  if (await apt('chromium', 'chromium-driver')) {
    const installed = installedChromium();
    if (installed) return installed;
  }
  const withSystemLibraries = process.getuid?.() === 0 ? ['--with-deps'] : [];
  await run('npx', ['playwright', 'install', ...withSystemLibraries, 'chromium'], { cwd: WEB });
  const { chromium } = await import(path.join(WEB, 'node_modules/@playwright/test/index.mjs'));
  return chromium.executablePath();
}

/** A Firefox to try the page in, or undefined; `FIREFOX_PATH` names one's own. */
export async function ensureFirefox() {
  const find = () => [process.env.FIREFOX_PATH, 'firefox-esr', 'firefox'].map((name) => which(name)).find(works);
  return find() ?? ((await apt('firefox-esr')) ? find() : undefined);
}

/** PostgreSQL 15's programs, or undefined: then the tests that ask a real server count what they skip. */
export async function ensurePostgres() {
  const find = () => which(process.env.PG15_BIN && `${process.env.PG15_BIN}/postgres`, '/usr/lib/postgresql/15/bin/postgres');
  if (!find()) await apt('postgresql-15');
  const found = find();
  if (!found) console.log('PostgreSQL 15 is not to be had here: live comparisons are skipped and counted');
  return found && path.dirname(found);
}

export { ROOT, WEB };
