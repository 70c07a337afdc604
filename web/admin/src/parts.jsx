// Small parts that several views have.
import { useEffect, useId, useRef } from "react";

/** A view's heading; takes the focus when the view comes, so that a keyboard and a screen reader go on from there. */
export function Title({ children, page }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${page} – Signalbox admin`;
    heading.current.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [page]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

export function Card({ title, note, children, className = "" }) {
  const id = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {note && <p className="hint">{note}</p>}
      {children}
    </section>
  );
}

/** Text of others, such as an id: cut where it is too long, whole in its title, and unable to turn the words around it. */
export function Cut({ children }) {
  const text = String(children ?? "–");
  return (
    <bdi className="cut" title={text}>
      {text}
    </bdi>
  );
}

/** A node by its tag, which is its one name on this page. `own` is that of the node that the page is of. */
export const Node = ({ tag, own }) => (
  <>
    <Cut>{tag}</Cut> {tag === own && <span className="hint">(this one)</span>}
  </>
);

/**
 * `columns`: `{ name, of: (row) => what stands there, kind }`, kind being "number" or "wraps". It scrolls where it is too wide,
 * and where it is `tall` too long.
 */
export function Table({ label, columns, rows, keyOf, empty, tall }) {
  if (rows.length === 0) return <p className="hint">{empty}</p>;
  return (
    <div className={tall ? "scroll tall" : "scroll"} role="region" aria-label={`${label}, scrolls`} tabIndex={0}>
      <table aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ name, kind }) => (
              <th key={name} scope="col" className={kind}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={keyOf(row, at)}>
              {columns.map(({ name, of, kind }) => (
                <td key={name} className={kind}>
                  {of(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const MARKS = { good: "✓", warn: "!", bad: "✕", off: "–" };

/** A state in a sign, words and colour. */
export function State({ level, children }) {
  return (
    <span className={`state ${level}`}>
      <span aria-hidden="true">{MARKS[level]}</span> {children}
    </span>
  );
}

export const Waiting = ({ problem }) => <p className="hint">{problem ?? "Asking the server …"}</p>;

/** What usePolled has: `children` shows its data, below the problem that has kept it from being heard anew. */
export function Polled({ of: { data, problem }, children }) {
  if (!data) return <Waiting problem={problem} />;
  return (
    <>
      {problem && <p className="problem">{problem} This was heard before.</p>}
      {children(data)}
    </>
  );
}
