/** Words of another language: all of a scene that is known in it, and English for what is not. */
import { afterEach, expect, it } from 'vitest';
import { loadScene } from '../scenes/index.ts';
import { en } from './en.ts';
import { panelsEn } from './en-panels.ts';
import { languages, NAMES, speak } from './languages.ts';
import { plain, t, told } from './messages.ts';

it('a scene speaks it too, as far as it is known', async () => {
  const query = { key: 'scene/first-light.query', english: 'A sends COMMIT, {length} bytes.' };
  await speak('ko', { ko: async () => ({ [query.key]: 'A가 COMMIT을 보낸다, {length}바이트.' }) });
  expect(told(query, { length: 34 })).toBe('A가 COMMIT을 보낸다, 34바이트.');
  expect(told({ key: 'scene/first-light.clog', english: 'Two bits turn.' })).toBe('Two bits turn.');
});

const known = { ko: async () => ({ close: '닫기' }), 'es-mx': async () => ({ close: 'Cerrar' }) };

afterEach(() => speak('en'));

it.each([
  ['ko', 'ko', '닫기'], ['ko-KR', 'ko', '닫기'], ['es-MX', 'es-mx', 'Cerrar'], ['es', 'en', 'Close'], ['', 'en', 'Close'], ['en-GB', 'en', 'Close'],
])('%s is spoken as %s', async (wanted, spoken, close) => {
  expect(await speak(wanted, known)).toBe(spoken);
  expect(t('close')).toBe(close);
  expect(t('copy')).toBe('Copy');
});

it('every language says nothing but what English says, fills in the same values, and closes its marks', async () => {
  const { texts } = await loadScene('first-light');
  const english: Record<string, string> = { ...en, ...panelsEn, ...Object.fromEntries(texts.map((text) => [text.key, text.english])) };
  const values = (sentence: string) => [...new Set(sentence.match(/\{\w+\}/g))].sort();
  for (const [tag, fetched] of Object.entries(languages)) {
    expect(NAMES).toHaveProperty(tag);
    for (const [key, sentence] of Object.entries(await fetched())) {
      expect(english, key).toHaveProperty([key]);
      expect(values(sentence), key).toEqual(values(english[key]!));
      expect(plain(sentence), key).not.toMatch(/[[\]`]|\*\*/);
      // What is said at the top has four lines on a phone.
      if (key.startsWith('scene/') && !key.endsWith('.about')) expect(plain(sentence).length, key).toBeLessThanOrEqual(150);
    }
  }
});
