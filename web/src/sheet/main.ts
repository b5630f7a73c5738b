/** The sheet's entry: `sheet.html#dark`, `sheet.html#light`, or as the system has it. Built by `vite build --mode sheet`. */
import '../page/page.css';
import './sheet.ts';

const sheet = document.createElement('vt-sheet');
const theme = location.hash.slice(1);
if (theme === 'dark' || theme === 'light') sheet.setAttribute('theme', theme);
document.body.append(sheet);
