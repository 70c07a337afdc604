import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { external, paths } from "../shared/vite.config.js";

export default defineConfig({
  plugins: [react()],
  base: "./", // a proxy may serve the page below a path of its own
  build: {
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // the page's policy allows no data: address
    rollupOptions: {
      external,
      // Fixed names, so that the program knows at build time what it embeds.
      output: { entryFileNames: "assets/admin.js", assetFileNames: "assets/admin[extname]", paths, inlineDynamicImports: true },
    },
  },
});
