/**
 * The WAL of the primary as a tape: every record since the newest that fit, and the positions that chase each other:
 * insert (in memory), write (with the operating system), flush (safe), and the redo point recovery would start from.
 */
import { html } from 'lit';
import { t } from '../base/messages.ts';
import { shared } from '../base/styles.ts';
import { layPointers, layTape, type Pointer } from '../model/tape.ts';
import { hero } from '../model/state.ts';
import { measure, pointers, scaleFor, tapeRecords, tapeStyles } from './tape-drawing.ts';
import { TapePanel } from './tape-panel.ts';

/** `<vt-wal>` */
export class Wal extends TapePanel {
  static override styles = [shared, tapeStyles];

  override render() {
    const { wal, state } = hero(this.state);
    const tape = layTape(wal.records, scaleFor(this.room));
    const marks: Pointer[] = [
      { name: 'redo', position: wal.redo },
      ...(wal.replay === null ? [] : [{ name: 'replay', position: wal.replay }]),
      { name: 'write', position: wal.write },
      { name: 'flush', position: wal.flush },
      { name: 'insert', position: wal.insert },
    ];
    const known = state !== 'off' && wal.insert > 0;
    const laid = this.room && known ? layPointers(marks, tape, this.room, measure, ['lines', 'line', 'name']) : null;
    return html`<section class="wal" aria-labelledby="title">
      <div class="row"><h2 id="title">${this.leadsTo('tape', t('wal'))} <span class="s not390">· ${t('wal.hint')}</span></h2>
        <span class="m s not390">${wal.file}</span></div>
      <div class="tape" data-grid tabindex="0" role="listbox" aria-labelledby="title">
        ${this.room ? tapeRecords(this.state, tape.records, wal, false) : ''}</div>
      <div class="ptr">${laid ? pointers(laid) : state === 'starting' ? html`<span class="tiny">${t('wal.none')}</span>` : ''}</div>
    </section>`;
  }
}

customElements.define('vt-wal', Wal);
