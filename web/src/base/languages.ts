/**
 * Which language the page speaks. English is in the page; another is a file with the keys of `en.ts`, entered below and
 * fetched when somebody wants it. What it lacks is said in English.
 *
 * A document speaks one language: that of the lab's nearest `lang` attribute, as well as it is known here. The lab marks
 * what it says with the language that it says it in, so that a reader's voice pronounces it rightly either way.
 */
import { useLanguage } from './messages.ts';

/** Sentences by key: the page's own, and those of scenes (`scene/first-light.query`). */
export type Catalogue = Readonly<Record<string, string>>;

/** How to fetch each language, by its tag. */
export const languages: Readonly<Record<string, () => Promise<Catalogue>>> = {
  es: async () => (await import('./es.ts')).es,
};

/** What each calls itself. */
export const NAMES: Readonly<Record<string, string>> = { en: 'English', es: 'Español' };

/** Speaks the language of a tag (`ko-KR` is `ko` if that is what there is), or English; returns the tag of which it is. */
export async function speak(tag: string, known = languages): Promise<string> {
  for (let wanted = tag.toLowerCase(); wanted !== ''; wanted = wanted.replace(/(^|-)[^-]*$/, '')) {
    if (wanted === 'en') break;
    const fetched = known[wanted];
    if (!fetched) continue;
    useLanguage(await fetched());
    return wanted;
  }
  useLanguage({});
  return 'en';
}
