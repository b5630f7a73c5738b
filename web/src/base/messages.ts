/**
 * The catalogue at work: `t` gives plain text, `rich` a sentence with coloured and strong parts.
 *
 * A sentence is always one entry, never glued from pieces: word order and particles differ between languages.
 */
import { html, type TemplateResult } from 'lit';
import { en, type MessageKey as FirstKey } from './en.ts';
import type { PanelKey } from './en-panels.ts';

export type MessageKey = FirstKey | PanelKey;

/** What fills the braces of a sentence. */
export type Params = Readonly<Record<string, string | number | null | undefined>>;

/** English as far as it has been fetched; the panels that are opened later bring their own sentences. */
let english: Record<string, string> = en;
let translated: Readonly<Record<string, string>> = {};
let catalogue: Record<string, string> = en;

/**
 * Uses another language's sentences; what it lacks stays English. A scene brings its English along; in another language
 * its texts are entries like all others, under the keys that the scene gives them (`scene/first-light.query`).
 */
export function useLanguage(sentences: Readonly<Record<string, string>>): void {
  translated = sentences;
  catalogue = { ...english, ...translated };
}

/** More of English, with the part of the page that says it. */
export function learn(sentences: Readonly<Record<string, string>>): void {
  english = { ...english, ...sentences };
  catalogue = { ...english, ...translated };
}

/** A sentence that is not this page's own, but of a scene: as the language has it, or else in English. */
export function told({ key, english }: { key: string; english: string }, params: Params = {}): string {
  return fill(catalogue[key] ?? english, params);
}

/** The sentence of this key, filled in. */
export function t(key: MessageKey, params: Params = {}): string {
  return fill(catalogue[key] ?? key, params);
}

/** Puts values into the braces of a sentence; an unknown name stays visible, so that a test can find it. */
export function fill(sentence: string, params: Params): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined || value === null ? whole : String(value);
  });
}

/** A piece of a rich sentence. */
interface Piece { text: string; who?: string; strong?: boolean; code?: boolean }

const markup = /\[([A-Z])\|([^\]]*)\]|\*\*([^*]*)\*\*|`([^`]*)`/g;

/** Splits a filled-in sentence into its pieces. */
function pieces(sentence: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const match of sentence.matchAll(markup)) {
    if (match.index > at) found.push({ text: sentence.slice(at, match.index) });
    const [whole, who, coloured, strong, code] = match;
    if (who) found.push({ text: coloured!, who });
    else if (strong !== undefined) found.push({ text: strong, strong: true });
    else found.push({ text: code!, code: true });
    at = match.index + whole.length;
  }
  if (at < sentence.length) found.push({ text: sentence.slice(at) });
  return found;
}

/** The sentence for the screen. */
export function rich(sentence: string): TemplateResult {
  return html`${pieces(sentence).map((p) => {
    if (p.who) return html`<span class="who w" data-who=${p.who}>${p.text}</span>`;
    if (p.strong) return html`<b>${p.text}</b>`;
    if (p.code) return html`<span class="m">${p.text}</span>`;
    return p.text;
  })}`;
}

/** The sentence for a screen reader: the same words without the markup. */
export function plain(sentence: string): string {
  return pieces(sentence).map((p) => p.text).join('');
}
