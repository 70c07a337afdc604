import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { external, paths } from "./shared/vite.config.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: [
      // The hook names http://localhost:3000, and stays as it is: what it imports connects to the page's own server.
      { find: /^socket\.io-client$/, replacement: here("./src/same-origin-io.js") },
      { find: "signalbox/client", replacement: here("../node/browser/client.js") },
      { find: "signalbox/react", replacement: here("../node/browser/react.js") },
      { find: /^the-real-socket\.io-client$/, replacement: here("./node_modules/socket.io-client/build/esm/index.js") },
    ],
    dedupe: ["react"], // the package's hooks lie outside of this folder, and use the page's React
  },
  build: {
    modulePreload: { polyfill: false },
    rollupOptions: {
      external,
      // Fixed names, so that the program knows at build time what it embeds.
      output: { entryFileNames: "assets/demo.js", assetFileNames: "assets/demo[extname]", paths, inlineDynamicImports: true },
    },
  },
});
