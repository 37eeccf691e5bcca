/// <reference types="vitest/config" />
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compiledAhead } from "./src/opening/compiledAhead";
import { openingPage } from "./src/opening/plugin";
import { serviceWorker } from "./src/worker/plugin";

/** Parts that this many chunks share come with every screen. */
const SHARED_BY = 4;
/** So do parts of so few bytes that two share: a request costs more than a kilobyte. */
const SMALL = 1500;

export default defineConfig({
  plugins: [
    react({ jsxImportSource: "@/jsx" }),
    tailwindcss(),
    openingPage(),
    serviceWorker(),
    compiledAhead(),
  ],
  resolve: { alias: { "@": decodeURIComponent(new URL("./src", import.meta.url).pathname) } },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: "http://127.0.0.1:8000", ws: true } },
  },
  // The app serves the page itself, so the build lands inside the Python package.
  build: {
    outDir: "../backend/dataferry/_web",
    emptyOutDir: true,
    // For scripts/check-size.mjs.
    manifest: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    // In the page itself (src/opening/plugin.ts): no part of it waits for a stylesheet.
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // Together they compress better, and they change less often than the page's own code.
          groups: [
            // What `main.ts` needs: it is run before anything is seen, and must not bring more.
            { name: "first", test: /vite\/preload-helper|src\/app\/pause/, priority: 1 },
            {
              name: "vendor",
              test: /rolldown\/runtime|node_modules\/(react|react-dom|preact|@tanstack|openapi-fetch|clsx)\//,
            },
            // What many screens share, in one piece. Dialogs come when they are first opened.
            {
              name: "shared",
              test: /\/(src\/(?!ui\/Dialog)|lucide-react\/)/,
              minShareCount: SHARED_BY,
            },
            {
              name: "small",
              test: /\/(src\/(?!ui\/Dialog)|lucide-react\/)/,
              minShareCount: 2,
              maxModuleSize: SMALL,
            },
          ],
        },
      },
    },
  },
  test: {
    environment: "jsdom",
    // A third of the work of a process for each file, and as apart.
    pool: "vmThreads",
    testTimeout: 30_000,
    setupFiles: ["src/test/streams.js", "src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
