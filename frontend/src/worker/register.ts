import { connection } from "@/api/client";

/**
 * Keep the page's files, so that it opens while the server is away. Browsers have workers on https and
 * on the machine itself; elsewhere the code of the screens is loaded ahead instead.
 */
export function keepPage(loadScreens: () => void): void {
  // `make dev` serves sources, which change under a worker's hands.
  if (!import.meta.env.PROD) return;
  if (document.readyState === "complete") void keep(loadScreens);
  else window.addEventListener("load", () => void keep(loadScreens), { once: true });
}

async function keep(loadScreens: () => void): Promise<void> {
  try {
    const workers = navigator.serviceWorker;
    const registration = await workers.register("/sw.js", { updateViaCache: "none" });
    // A server that comes back may have been updated; a page that stays open would not notice.
    connection.watch(() => {
      if (connection.isUp()) registration.update().catch(() => undefined);
    });
  } catch {
    loadScreens();
  }
}
