/** Defines all panels. */
import './buffers.ts';
import './heap-page.ts';
import './inspector.ts';
import './processes.ts';
import './sentence.ts';
import './server-log.ts';
import './standby.ts';
import './terminal.ts';
import './timeline.ts';
import './top-bar.ts';
import './transactions.ts';
import './wal.ts';
