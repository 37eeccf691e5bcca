import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { forgetEarly } from "@/api/early";
import { queryClient } from "@/api/live";
import { Announcer } from "@/ui/announcer";
import { keepPage } from "@/worker/register";
import { pause } from "./pause";
import { leaveRoomBetweenRenderings, runEffectsBeforePaint } from "./rendering";
import { loadScreens, router } from "./router";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

const page = root;
leaveRoomBetweenRenderings();
runEffectsBeforePaint();

/** A slow server does not hold back the frame, which says what it waits for, longer than this. */
const LONGEST_MS = 1000;

/** The screen takes the place of its first look, which `index.html` has, in one step. */
async function start(): Promise<void> {
  await pause();
  await Promise.race([router.load(), new Promise((done) => setTimeout(done, LONGEST_MS))]);
  await pause();
  const stop = router.subscribe("onRendered", () => {
    stop();
    forgetEarly();
  });
  page.inert = false;
  page.ariaHidden = null;
  createRoot(page).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
        <Announcer />
      </QueryClientProvider>
    </StrictMode>,
  );
  keepPage(loadScreens);
}

void start();
