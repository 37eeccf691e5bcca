/// <reference types="vitest/config" />
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { serviceWorker } from "./src/worker/plugin";

export default defineConfig({
  plugins: [react({ jsxImportSource: "@/jsx" }), tailwindcss(), serviceWorker()],
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
    rolldownOptions: {
      output: {
        codeSplitting: {
          // Together they compress better, and they change less often than the page's own code.
          groups: [
            {
              name: "vendor",
              test: /node_modules\/(react|react-dom|scheduler|@tanstack|openapi-fetch|clsx)\//,
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
    setupFiles: ["src/test/streams.js", "src/test/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
