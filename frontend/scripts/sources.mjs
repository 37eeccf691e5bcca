// What the build (src/opening/plugin.ts) and check-size.mjs read from the sources.
import { readFileSync } from "node:fs";

const ROUTER = new URL("../src/app/router.tsx", import.meta.url);

/** What stands on a screen until its code is here: `name` of src/opening, in one line. */
export function opening(name) {
  const html = readFileSync(new URL(`../src/opening/${name}.html`, import.meta.url), "utf8");
  return html.trim().replaceAll(/\s*\n\s*/g, "");
}

/** Each screen's path, such as `/c/$id`, and the modules that are drawn for it, outermost first. */
export function screens() {
  const router = readFileSync(ROUTER, "utf8");
  const routes = {};
  for (const [, name, body] of router.matchAll(/const (\w+) = createRoute\(\{(.*?)^\}\);/gms)) {
    const [, parent] = body.match(/getParentRoute: \(\) => (\w+)/);
    const [, path = ""] = body.match(/^ {2}path: "([^"]+)"/m) ?? [];
    const [, screen] = body.match(/import\("@\/([^"]+)"\)/) ?? [];
    routes[name] = { parent, path, module: screen && `src/${screen}.tsx` };
  }
  const found = Object.values(routes).filter(({ module }) => module);
  if (found.length === 0 || found.length !== router.match(/import\("@\//g)?.length)
    throw new Error("not every screen of the router is understood");
  return found.map((route) => {
    const modules = [];
    let path = "";
    for (let at = route; at; at = routes[at.parent]) {
      path = [at.path, path].filter((part) => part && part !== "/").join("/");
      if (at.module) modules.unshift(at.module);
    }
    return { path: path.startsWith("/") ? path : `/${path}`, modules };
  });
}
