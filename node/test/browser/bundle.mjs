// The package's browser side as a bundler puts it into a page.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const browser = fileURLToPath(new URL("../../browser/", import.meta.url));

/** Minified text of that module: `source` may import "signalbox/client" and "signalbox/react", with React of that folder. */
export async function bundle(source, { react = ".", ...options } = {}) {
  const result = await build({
    stdin: { contents: source, loader: "jsx", resolveDir: `${here}${react}` },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' },
    nodePaths: [`${here}${react}/node_modules`, `${here}node_modules`],
    alias: { "signalbox/client": `${browser}client.js`, "signalbox/react": `${browser}react.js` },
    ...options,
  });
  return result.outputFiles[0].text;
}
