// The sources of the package lie outside of the tests' folder, and so find no packages by themselves.
const here = new URL("./", import.meta.url);

/** `react.js?react-18` has the React of that folder. */
export function resolve(specifier, context, next) {
  const ours = context.parentURL?.includes("/node/browser/") && !/^(\.|node:|file:)/.test(specifier);
  if (!ours) return next(specifier, context);
  const folder = context.parentURL.includes("?react-18") ? "react-18/" : "";
  return next(specifier, { ...context, parentURL: new URL(`${folder}package.json`, here).href });
}
