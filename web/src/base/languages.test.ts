import { afterEach, expect, it } from 'vitest';
import { speak } from './languages.ts';
import { t } from './messages.ts';

const known = { ko: async () => ({ close: '닫기' }), 'es-mx': async () => ({ close: 'Cerrar' }) };

afterEach(() => speak('en'));

it.each([
  ['ko', 'ko', '닫기'], ['ko-KR', 'ko', '닫기'], ['es-MX', 'es-mx', 'Cerrar'], ['es', 'en', 'Close'], ['', 'en', 'Close'], ['en-GB', 'en', 'Close'],
])('%s is spoken as %s', async (wanted, spoken, close) => {
  expect(await speak(wanted, known)).toBe(spoken);
  expect(t('close')).toBe(close);
  expect(t('copy')).toBe('Copy');
});
