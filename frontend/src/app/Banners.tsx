import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { appQuery } from "@/api/queries";

/** What is true of the whole installation, said quietly above everything. */
export function Banners() {
  const { data: app } = useQuery(appQuery);
  const demo = app?.demo === true;
  const offline = app?.model === "planner";
  if (!demo && !offline) return null;
  return (
    <aside
      aria-label="About this installation"
      className="flex flex-wrap justify-center gap-x-4 border-b bg-panel px-4 py-1 text-center text-13 text-muted"
    >
      {demo && (
        <p>
          <strong className="font-semibold text-fg">Demo</strong> · the hubs are small stand-ins on
          this machine
        </p>
      )}
      {offline && (
        <p>
          Offline mode: keyword search ·{" "}
          <Link to="/settings/sources" className="underline underline-offset-2">
            Use a model
          </Link>
        </p>
      )}
    </aside>
  );
}
