import { useEffect, useRef, useState } from "react";
import { lineOf, rangeOf, runsOf, timeSpan, timeTicks, valueTicks } from "./scale.js";
import { timeOfDay, timeWithSeconds } from "./words.js";

const HEIGHT = 150;
const MARGIN = { left: 58, right: 10, top: 10, bottom: 22 };
const PIXELS_A_TIME = 50;

/**
 * A line over time. `words` says a value, `leastStep` is how far apart the marks of its axis are at least. What it shows is
 * also said in its text, for those who do not see it.
 */
export function Chart({ title, words, leastStep, times, values, everyMs, alarming }) {
  const [box, width] = useWidth();
  const [pointed, setPointed] = useState(null);
  const range = rangeOf(values);
  const shown = pointed !== null && pointed < times.length ? pointed : null;
  return (
    <figure className={alarming ? "card chart alarming" : "card chart"} ref={box}>
      <figcaption>
        <span>{title}</span>
        <strong>{words(shown === null ? range?.last : values[shown])}</strong>
      </figcaption>
      {width > 0 && <Drawing {...{ title, words, leastStep, times, values, everyMs, width, range, shown, setPointed }} />}
    </figure>
  );
}

function Drawing({ title, words, leastStep, times, values, everyMs, width, range, shown, setPointed }) {
  const ticks = valueTicks(values, leastStep);
  const span = timeSpan(times);
  const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const xOf = (time) => MARGIN.left + ((time - span.from) / (span.to - span.from)) * inner.width;
  const yOf = (value) => MARGIN.top + (1 - value / ticks.at(-1)) * inner.height;
  const runs = runsOf(times, values, (time, value) => ({ x: xOf(time), y: yOf(value) }), everyMs);
  const points = runs.flat();
  const point = (event) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    setPointed(nearest(points, x)?.at ?? null);
  };
  return (
    <svg width={width} height={HEIGHT} role="img" aria-label={textOf(title, words, range, times)} onPointerMove={point}
         onPointerLeave={() => setPointed(null)}>
      {ticks.map((value) => (
        <g key={value} className="axis">
          <line x1={MARGIN.left} x2={width - MARGIN.right} y1={yOf(value)} y2={yOf(value)} />
          <text x={MARGIN.left - 8} y={yOf(value) + 4} textAnchor="end">
            {words(value)}
          </text>
        </g>
      ))}
      {timeTicks(span, Math.max(2, Math.floor(inner.width / PIXELS_A_TIME))).map((time) => (
        <text key={time} className="time" x={xOf(time)} y={HEIGHT - 6} textAnchor={xOf(time) > width - 30 ? "end" : "middle"}>
          {timeOfDay(time)}
        </text>
      ))}
      {runs.map((run) => (
        <g key={run[0].at}>
          <path className="area" d={`${lineOf(run)}L${run.at(-1).x.toFixed(1)} ${yOf(0)}L${run[0].x.toFixed(1)} ${yOf(0)}Z`} />
          <path className="line" d={lineOf(run)} />
        </g>
      ))}
      <Mark point={points.at(-1)} />
      {shown !== null && <Pointed point={points.find(({ at }) => at === shown)} time={times[shown]} bottom={yOf(0)} width={width} />}
    </svg>
  );
}

const Mark = ({ point }) => point && <circle className="mark" cx={point.x} cy={point.y} r="3.5" />;

/** The point under the pointer, and when it was measured. */
function Pointed({ point, time, bottom, width }) {
  if (!point) return null;
  const end = point.x > width / 2;
  return (
    <g className="pointed">
      <line x1={point.x} x2={point.x} y1={MARGIN.top} y2={bottom} />
      <Mark point={point} />
      <text x={point.x + (end ? -6 : 6)} y={bottom - 6} textAnchor={end ? "end" : "start"}>
        {timeWithSeconds(time)}
      </text>
    </g>
  );
}

function nearest(points, x) {
  return points.reduce((best, point) => (!best || Math.abs(point.x - x) < Math.abs(best.x - x) ? point : best), null);
}

function textOf(title, words, range, times) {
  if (!range) return `${title}: nothing measured yet.`;
  const minutes = Math.max(1, Math.round((times.at(-1) - times[0]) / 60000));
  const past = minutes === 1 ? "the last minute" : `the last ${minutes} minutes`;
  return `${title}: ${words(range.last)} now; in ${past} between ${words(range.least)} and ${words(range.most)}.`;
}

/** The width of an element, that a drawing may be made in whole pixels and its text never be stretched. */
function useWidth() {
  const element = useRef(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const measured = () => {
      const style = getComputedStyle(element.current);
      setWidth(Math.floor(element.current.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)));
    };
    const observer = new ResizeObserver(measured);
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
