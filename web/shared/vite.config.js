import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// For the pages: their scripts find React beside them, in the file that is built here.
export const external = ["react", "react-dom/client", "react/jsx-runtime"];
export const paths = () => "./react.js";

export default defineConfig({
  build: {
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: fileURLToPath(new URL("react.js", import.meta.url)),
      preserveEntrySignatures: "strict", // it is imported from, and runs nothing itself
      output: { entryFileNames: "assets/react.js" },
    },
  },
});
