import { Link, Outlet } from "@tanstack/react-router";
import { Screen } from "@/ui/Screen";

const TABS = [
  { to: "/settings/profile", label: "Profile" },
  { to: "/settings/tokens", label: "Tokens" },
  { to: "/settings/sources", label: "Sources" },
  { to: "/settings/model", label: "Model" },
  { to: "/settings/privacy", label: "Privacy" },
  { to: "/settings/data", label: "Your data" },
  { to: "/settings/appearance", label: "Appearance" },
] as const;

export default function SettingsLayout() {
  return (
    <Screen title="Settings">
      <nav aria-label="Settings" className="flex gap-1 overflow-x-auto border-b">
        {TABS.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            className="-mb-px inline-flex min-h-9 items-center border-b-2 border-transparent px-3 text-14 text-muted outline-offset-[-2px] hover:text-fg touch:min-h-11"
            activeProps={{ className: "border-accent! text-fg! font-medium" }}
          >
            {label}
          </Link>
        ))}
      </nav>
      <div className="grid max-w-2xl grid-cols-1 gap-6">
        <Outlet />
      </div>
    </Screen>
  );
}
