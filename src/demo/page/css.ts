/** Styles of the demo page: one column on a phone, two where there is room; colours follow the system's light or dark. */
export const pageCss = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --text: #1a1f29; --soft: #515a6b; --line: #c9cfda;
  --accent: #0b5cad; --on-accent: #ffffff; --code: #eef1f6; --error: #a3121f; --error-ground: #fdecee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11151c; --card: #1a202b; --text: #e8ebf1; --soft: #aeb6c4; --line: #3a4454;
    --accent: #7db8ff; --on-accent: #0d1726; --code: #10151d; --error: #ffb3ba; --error-ground: #43161b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 75rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.15rem; margin: 0 0 0.5rem; }
h3 { font-size: 1rem; margin: 0.75rem 0 0.25rem; }
p { margin: 0.25rem 0 0.75rem; max-width: 65ch; }
footer { margin-block-start: 1rem; }
header p, footer p, .hint, caption, dt { color: var(--soft); }
main, .exchange { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
.exchange { gap: 0 1rem; }
@media (min-width: 56rem) {
  main { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  #graphql { grid-column: span 2; }
  .exchange { grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); }
  #openid { grid-row: span 2; display: flex; flex-direction: column; }
  #openid pre { flex: 1 1 0; min-height: 24rem; max-height: none; }
}
section { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 1rem; min-width: 0; }
section > :nth-last-child(1 of :not(:empty)) { margin-bottom: 0; }
label { display: block; margin-block-end: 0.25rem; font-weight: 600; }
input {
  width: 100%; max-width: 24rem; padding: 0.5rem; font: inherit; color: inherit; background: var(--ground);
  border: 1px solid var(--soft); border-radius: 0.25rem;
}
.buttons { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0.75rem 0; }
button {
  min-height: 2.75rem; padding: 0.5rem 1rem; font: inherit; color: var(--text); background: transparent;
  border: 1px solid var(--soft); border-radius: 0.25rem; cursor: pointer;
}
button[type="submit"] { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
button:disabled { opacity: 0.55; cursor: not-allowed; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
pre, code, .value { font-family: ui-monospace, monospace; font-size: 0.85rem; }
pre {
  margin: 0; padding: 0.75rem; max-height: 24rem; overflow: auto; white-space: pre-wrap; background: var(--code);
  border-radius: 0.25rem;
}
dl { margin: 0.5rem 0; }
dd { margin: 0 0 0.5rem; }
dl + button { margin-block-start: 0.25rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.85rem; }
caption { text-align: left; }
th, td { text-align: left; padding: 0.25rem 0.5rem 0.25rem 0; border-top: 1px solid var(--line); vertical-align: top; }
th:first-child { width: 30%; }
a { color: var(--accent); }
[role="alert"]:not(:empty) {
  position: sticky; bottom: 0.5rem; grid-column: 1 / -1; padding: 0.75rem; color: var(--error); background: var(--error-ground); border: 1px solid currentColor;
  border-radius: 0.25rem;
}
[aria-busy="true"] { cursor: progress; }
`;
