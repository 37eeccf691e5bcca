import type { Plugin, Rolldown } from "vite";
import { opening, screens } from "../../scripts/sources.mjs";

/** In `index.html`: what stands until the page's code is here, and the files of each screen. */
const TEMPLATES = "<!-- openings -->";
const FILES = "__FILES_OF_SCREENS__";

/**
 * Makes `index.html` stand by itself: the first look of the frame, of a new chat and of signing in are in
 * it as templates, the stylesheet too, and its script knows which files the screen at an address needs
 * (docs/adr/0037).
 */
export function openingPage(): Plugin {
  return {
    name: "dataferry-opening",
    enforce: "post",
    transformIndexHtml: {
      order: "pre",
      handler: (html, { server }) => {
        const whole = html.replace(TEMPLATES, templates);
        // From its sources the page has no files to know.
        return server ? whole.replace(FILES, "[]") : whole;
      },
    },
    generateBundle(_options, bundle) {
      const index = bundle["index.html"];
      if (index?.type !== "asset") throw new Error("the build has no index.html");
      const html = String(index.source).replace(FILES, () => JSON.stringify(filesOf(bundle)));
      index.source = html.replace(
        /<link rel="stylesheet"[^>]* href="\/([^"]+)">/,
        (_link, name: string) => {
          const sheet = bundle[name];
          if (sheet?.type !== "asset") throw new Error(`the build has no ${name}`);
          delete bundle[name];
          return `<style>${String(sheet.source).trim()}</style>`;
        },
      );
      index.source = withCode(index.source, everywhere(bundle));
      if (index.source.includes('rel="stylesheet"'))
        throw new Error("the build has more than one stylesheet");
    },
  };
}

/**
 * The code of every screen is fetched at once, and does not come before what is seen: the page stands
 * without it for a moment.
 */
function withCode(html: string, files: string[]): string {
  const [entry] = html.match(/<script type="module"[^>]*><\/script>/) ?? [];
  if (!entry) throw new Error("index.html has no entry");
  const links = files.map(
    (name) => `<link rel="modulepreload" fetchpriority="low" href="/${name}">`,
  );
  return html
    .replaceAll(/\s*<link rel="modulepreload" crossorigin[^>]*>/g, "")
    .replace(entry, "")
    .replace("</head>", () => `${links.join("")}</head>`)
    .replace(
      "</body>",
      () => `${entry.replace("<script", '<script async fetchpriority="low"')}</body>`,
    );
}

function templates(): string {
  return ["frame", "new-chat", "sign-in"]
    .map((name) => `<template id="opening-${name}">${opening(name)}</template>`)
    .join("\n");
}

/** The files with the code of modules of `src`, and with all that it imports. */
function needed(bundle: Rolldown.OutputBundle, modules: string[]): string[] {
  const files = new Set<string>();
  function add(name: string): void {
    const chunk = bundle[name];
    if (files.has(name) || chunk?.type !== "chunk") return;
    files.add(name);
    chunk.imports.forEach(add);
  }
  for (const module of modules) {
    const chunk = Object.values(bundle).find(
      (file) => file.type === "chunk" && file.moduleIds.some((id) => id.endsWith(`/${module}`)),
    );
    if (!chunk) throw new Error(`the build has no ${module}`);
    add(chunk.fileName);
  }
  return [...files];
}

function everywhere(bundle: Rolldown.OutputBundle): string[] {
  return needed(bundle, ["src/app/main.ts", "src/app/start.tsx"]);
}

/** Each screen's address as a pattern, and the files that it needs beside those of every screen. */
function filesOf(bundle: Rolldown.OutputBundle): [string, string[]][] {
  const shared = new Set(everywhere(bundle));
  return screens().map(({ path, modules }) => [
    `^${path.replace(/\/\$\w+/g, "/[^/]+")}$`,
    needed(bundle, modules).filter((name) => !shared.has(name)),
  ]);
}
