/** The page's entry: opens the engine and shows that it answers. */

import { openEngine } from '../engine/connect';

const line = document.createElement('p');
line.textContent = 'Starting the engine …';
document.body.append(line);
const engine = await openEngine();
line.textContent = `The engine lives in a ${engine.place}.`;
