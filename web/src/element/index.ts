/**
 * The library's entry: defines `<pg-vitrine>` and hands out the engine's client.
 *
 *     <script type="module" src="pg-vitrine.js"></script>
 *     <pg-vitrine scene="first-light" panels="sessions page wal" step="6" theme="auto">
 *       <pre>shown until the engine runs, and where scripts do not</pre>
 *     </pg-vitrine>
 *
 * Attributes: `scene`, or `src`, the address of a scene of one's own; `panels` (of those in PANELS; all when left out);
 * `step` (so many beats on), or `moment` (any moment, as the page shares it); `theme` (auto, dark, light), `motion` (auto,
 * off), `lang` (its own or that of what it stands in; English for what is not known, and it marks what it says with the
 * language that it says it in), `persist` (the name of a store), `readonly`. Events: `step` and `error`. The element takes
 * no focus and no scroll by itself, and starts its engine when it first comes into sight. `docs/embedding.md` has it all.
 */
import { openEngine } from '../engine/connect';
import { Lab } from '../page/lab.ts';

export { openEngine } from '../engine/connect';
export type * from '../engine/api';
export { PANELS } from '../page/lab.ts';

/** How far below the window an element may be and already start. */
const NEAR = '200px';

Lab.open = openEngine;

/** `<pg-vitrine>` */
export class PgVitrine extends Lab {
  protected override begin(): void {
    const sight = new IntersectionObserver((entries) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      sight.disconnect();
      super.begin();
    }, { rootMargin: NEAR });
    sight.observe(this);
  }
}

if (!customElements.get('pg-vitrine')) customElements.define('pg-vitrine', PgVitrine);
