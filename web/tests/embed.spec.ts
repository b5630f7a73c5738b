/** In other people's pages: a plain one, one with a strict policy, a sandbox, slides; and what an embed may not do. */
import fs from 'node:fs';

import { expect, test, type Page } from '@playwright/test';

/** Serves a page of somebody else's. */
async function host(page: Page, body: string, headers: Record<string, string> = {}): Promise<void> {
  await page.route('**/host.html', (route) => route.fulfill({ contentType: 'text/html', headers, body: `<!doctype html><meta charset="utf-8"><title>host</title>${body}` }));
  await page.goto('/host.html');
}

const SCRIPT = '<script type="module" src="/pg-vitrine.js"></script>';
const told = (page: Page, n: number) => expect(page.locator('vt-sentence .side b').first()).toHaveText(String(n), { timeout: 30_000 });

test('a plain page: its own text until the engine runs; then a scene, without a focus or a scroll taken', async ({ page }) => {
  await page.route('**/*.wasm', async (route) => { await new Promise((done) => setTimeout(done, 1500)); await route.continue(); });
  await host(page, `${SCRIPT}<h1>Before</h1><input id="mine" autofocus><pg-vitrine scene="deadlock" panels="sessions page" step="1"><p>Two sessions lock two rows.</p></pg-vitrine><p style="height:2000px">After</p>`);
  await expect(page.getByText('Two sessions lock two rows.')).toBeVisible();
  await expect(page.locator('pg-vitrine')).toContainText('Starting the engine');
  await told(page, 1);
  await expect(page.getByText('Two sessions lock two rows.')).toBeHidden();
  expect(await page.evaluate(() => [document.activeElement?.id, scrollY])).toEqual(['mine', 0]);
  // Keys outside are the page's own; inside they step.
  await page.keyboard.press('ArrowRight');
  await told(page, 1);
  await page.locator('pg-vitrine').getByRole('button', { name: 'Next' }).focus();
  await page.keyboard.press('ArrowRight');
  await told(page, 2);
});

test('what it tells the page around it, and how that may colour it', async ({ page }) => {
  await host(page, `${SCRIPT}<style>pg-vitrine { --vt-panel: rgb(1, 2, 3); } pg-vitrine::part(sentence) { outline: 3px solid rgb(4, 5, 6); }</style>
    <script>window.heard = []; addEventListener('DOMContentLoaded', () => document.querySelector('pg-vitrine').addEventListener('step', (e) => heard.push(e.detail)));</script>
    <pg-vitrine scene="two-readers" panels="page"></pg-vitrine>`);
  await told(page, 0);
  await page.locator('pg-vitrine').getByRole('button', { name: 'Next' }).click();
  await told(page, 1);
  const heard = await page.evaluate(() => (window as unknown as { heard: { beat: number; beats: number }[] }).heard);
  expect(heard.at(-1)).toMatchObject({ beat: 1, beats: 12 });
  const looks = await page.evaluate(() => {
    const sentence = document.querySelector('pg-vitrine')!.shadowRoot!.querySelector('vt-sentence')!;
    return [getComputedStyle(sentence).outlineColor, getComputedStyle(sentence.shadowRoot!.querySelector('.say')!).backgroundColor];
  });
  expect(looks).toEqual(['rgb(4, 5, 6)', 'rgb(1, 2, 3)']);
});

test("a policy of script-src 'self' 'wasm-unsafe-eval' is enough", async ({ page }) => {
  const refused: string[] = [];
  page.on('console', (message) => { if (message.text().includes('Content Security Policy')) refused.push(message.text()); });
  await host(page, `${SCRIPT}<pg-vitrine scene="commits" step="2"></pg-vitrine>`, { 'content-security-policy': "script-src 'self' 'wasm-unsafe-eval'" });
  await told(page, 2);
  await page.locator('pg-vitrine').getByRole('button', { name: 'Next' }).click();
  await told(page, 3);
  expect(refused).toEqual([]);
});

test('a sandbox that allows nothing but scripts: one file in a frame, which says how high it is', async ({ page }) => {
  await host(page, `<script>window.heights = []; window.lti = []; addEventListener('message', ({ data }) => {
      if (data?.type === 'pg-vitrine:height') heights.push(data.height);
      else if (typeof data === 'string' && data.includes('lti.frameResize')) lti.push(JSON.parse(data).height);
    });</script><iframe src="/vitrine.html#v1&scene=standby&beat=1&panels=sessions,wal,standby" title="lab" sandbox="allow-scripts" style="width:900px;height:480px"></iframe>`);
  const frame = page.frameLocator('iframe');
  await expect(frame.locator('vt-sentence .side b')).toHaveText('1', { timeout: 40_000 });
  await expect(frame.locator('vt-heap-page')).toHaveCount(0);
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
  await frame.getByRole('button', { name: 'Next' }).click();
  await expect(frame.locator('vt-sentence .side b')).toHaveText('2');
  const { heights, lti } = await page.evaluate(() => {
    const told = window as unknown as { heights: number[]; lti: number[] };
    return { heights: told.heights, lti: told.lti };
  });
  expect(heights.at(-1)).toBeGreaterThan(300);
  expect(lti.at(-1)).toBe(heights.at(-1));
});

test('slides: several share one module, and each starts when its slide is shown', async ({ page }) => {
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  await host(page, `${SCRIPT}<style>section { display: none } section.present { display: block }</style>
    <section class="present"><pg-vitrine scene="deadlock" panels="sessions"></pg-vitrine></section>
    <section><pg-vitrine scene="crash" panels="page"></pg-vitrine></section>`);
  await told(page, 0);
  expect(await page.evaluate(() => [...document.querySelectorAll('pg-vitrine')].map((e) => (e as unknown as { controller: unknown }).controller !== null))).toEqual([true, false]);
  await page.evaluate(() => document.querySelectorAll('section').forEach((s) => s.classList.toggle('present')));
  await expect(page.locator('pg-vitrine').last().locator('vt-sentence .side b')).toHaveText('0', { timeout: 30_000 });
  for (const file of ['/pg-vitrine.js', '/pg-vitrine.wasm']) expect(fetched.filter((path) => path === file), file).toHaveLength(1);
});

test('a scene of one’s own, and what is wrong with one', async ({ page }) => {
  await page.route('**/wrong.scene', (route) => route.fulfill({ body: 'title: x\nopening:\n  say x\nbeat one:\n  when Nothing\n  say x\n' }));
  await host(page, `${SCRIPT}<pg-vitrine src="/waits.scene" panels="page"></pg-vitrine><pg-vitrine src="/wrong.scene"></pg-vitrine>`);
  await told(page, 0);
  await expect(page.locator('pg-vitrine').first()).toContainText('has changed the row and not committed');
  await page.locator('pg-vitrine').last().scrollIntoViewIfNeeded();
  await expect(page.locator('pg-vitrine').last()).toContainText('wrong.scene, line 5: there is no event Nothing');
});

/** The examples of the README for those who embed. */
const README = [...fs.readFileSync(new URL('../../README.md', import.meta.url), 'utf8').matchAll(/```html\n([^]*?)```/g)].map(([, lines]) => lines!);

test('the five examples of the README work as they stand', async ({ page }) => {
  expect(README).toHaveLength(5);
  for (const lines of README) {
    await page.unroute('**/host.html');
    await page.goto('about:blank');
    await host(page, lines);
    const inside = lines.includes('<iframe') ? page.frameLocator('iframe').locator('vt-lab') : page.locator('pg-vitrine');
    await expect(inside.locator('vt-sentence')).toBeVisible({ timeout: 30_000 });
    if (!lines.includes('id="at"')) continue;
    await inside.getByRole('button', { name: 'Next' }).click();
    await expect(page.locator('#at')).toHaveText('1 of 12');
  }
});

test('the page of examples works as it stands', async ({ page }) => {
  test.setTimeout(120_000);
  const problems: string[] = [];
  page.on('pageerror', (e) => problems.push(String(e)));
  await page.goto('/examples.html');
  for (const at of [0, 1, 2, 3]) {
    const one = page.locator('pg-vitrine').nth(at);
    await one.scrollIntoViewIfNeeded();
    await expect(one.locator('vt-sentence')).toBeVisible({ timeout: 40_000 });
  }
  await page.locator('iframe').scrollIntoViewIfNeeded();
  await expect(page.frameLocator('iframe').locator('vt-sentence')).toBeVisible({ timeout: 40_000 });
  expect(problems).toEqual([]);
});

test('the dialog writes lines that lead back here', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto('/#v1&scene=lost-update&beat=2');
  await told(page, 2);
  const sentence = await page.locator('vt-sentence [role=status]').textContent();
  await page.getByRole('button', { name: 'embed' }).click();
  const sheet = page.locator('vt-embed');
  await sheet.getByLabel('wal').check();
  for (const [what, count] of [['<pg-vitrine>', 1], ['<iframe>', 2]] as const) {
    await sheet.getByRole('button', { name: `Copy ${what}` }).click();
    await expect(sheet).toContainText('copied');
    const lines = await page.evaluate(() => navigator.clipboard.readText());
    expect(lines).toContain('wal');
    const other = await context.newPage();
    await host(other, lines.replace('src="', 'src="/'));
    const inside = count === 1 ? other.locator('pg-vitrine') : other.frameLocator('iframe').locator('vt-lab');
    await expect(inside.locator('vt-sentence [role=status]')).toHaveText(sentence!, { timeout: 40_000 });
    await other.close();
  }
});
