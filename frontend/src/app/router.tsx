import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { session } from "@/api/client";
import { queryClient } from "@/api/live";
import { appQuery } from "@/api/queries";
import { datasetSearch, librarySearch } from "@/features/library/searchParams";
import { Loading } from "@/ui/Spinner";
import { ErrorScreen } from "./ErrorScreen";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

const root = createRootRoute({ notFoundComponent: NotFound });

/** Where to go after signing in: only a path of this page. */
function nextOf(search: Record<string, unknown>): { next?: string } {
  const { next } = search;
  return typeof next === "string" && /^\/(?![/\\])/.test(next) ? { next } : {};
}

async function leaveWhenSignedIn({ search }: { search: { next?: string } }) {
  const { status } = await session.restore();
  if (status === "signed-in") throw redirect({ href: search.next ?? "/" });
}

/** Nobody has an account here yet: a newcomer is led to making the first one. */
async function isNew(): Promise<boolean> {
  try {
    return (await queryClient.fetchQuery({ ...appQuery, staleTime: 0 })).needs_setup;
  } catch {
    return false;
  }
}

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: nextOf,
  beforeLoad: leaveWhenSignedIn,
  component: lazyRouteComponent(() => import("@/features/accounts/LoginPage")),
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  validateSearch: nextOf,
  beforeLoad: leaveWhenSignedIn,
  component: lazyRouteComponent(() => import("@/features/accounts/RegisterPage")),
});

/** Everything that needs somebody signed in. */
const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: async ({ location }) => {
    const { status } = await session.restore();
    if (status === "signed-in") return;
    const next = location.href === "/" ? undefined : location.href;
    throw redirect({ to: (await isNew()) ? "/register" : "/login", search: { next } });
  },
  component: Shell,
});

const newChat = createRoute({
  getParentRoute: () => app,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/chat/NewChatPage")),
});

const chat = createRoute({
  getParentRoute: () => app,
  path: "/c/$id",
  component: lazyRouteComponent(() => import("@/features/chat/ChatPage")),
});

const downloads = createRoute({
  getParentRoute: () => app,
  path: "/downloads",
  component: lazyRouteComponent(() => import("@/features/downloads/DownloadsPage")),
});

const library = createRoute({
  getParentRoute: () => app,
  path: "/library",
  validateSearch: librarySearch,
  component: lazyRouteComponent(() => import("@/features/library/LibraryPage")),
});

const dataset = createRoute({
  getParentRoute: () => app,
  path: "/library/$key",
  validateSearch: datasetSearch,
  component: lazyRouteComponent(() => import("@/features/library/DatasetPage")),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/features/settings/SettingsLayout")),
});

const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/settings/profile" });
  },
});

const profile = createRoute({
  getParentRoute: () => settings,
  path: "profile",
  component: lazyRouteComponent(() => import("@/features/settings/ProfilePage")),
});

const sources = createRoute({
  getParentRoute: () => settings,
  path: "sources",
  component: lazyRouteComponent(() => import("@/features/settings/SourcesPage")),
});

const privacy = createRoute({
  getParentRoute: () => settings,
  path: "privacy",
  component: lazyRouteComponent(() => import("@/features/settings/PrivacyPage")),
});

const appearance = createRoute({
  getParentRoute: () => settings,
  path: "appearance",
  component: lazyRouteComponent(() => import("@/features/settings/AppearancePage")),
});

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    register,
    app.addChildren([
      newChat,
      chat,
      downloads,
      library,
      dataset,
      settings.addChildren([settingsIndex, profile, sources, privacy, appearance]),
    ]),
  ]),
  defaultPreload: "intent",
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: ErrorScreen,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
