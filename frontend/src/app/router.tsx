import {
  type AsyncRouteComponent,
  createRootRoute,
  createRoute,
  createRouter,
  defaultStringifySearch,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { connection, session } from "@/api/client";
import { queryClient } from "@/api/live";
import { isTransient, ProblemError, UNREACHABLE } from "@/api/problem";
import {
  appQuery,
  jobsQuery,
  libraryQuery,
  modelQuery,
  pluginsQuery,
  sourcesQuery,
  speedLimitsQuery,
  storageQuery,
} from "@/api/queries";
import type { SessionState } from "@/api/session";
import type { UploadCategory } from "@/api/types";
import { compareSearch } from "@/features/compare/refs";
import { datasetSearch } from "@/features/library/datasetSearch";
import { librarySearch, queryOf } from "@/features/library/searchParams";
import { Loading } from "@/ui/Spinner";
import { askForDataset } from "./dataset";
import { ErrorScreen, RootError } from "./ErrorScreen";
import { known, opened } from "./known";
import { NotFound } from "./NotFound";
import { ownPath } from "./ownPath";
import { Page } from "./Page";
import { Shell } from "./Shell";

const root = createRootRoute({
  component: Page,
  notFoundComponent: NotFound,
  errorComponent: RootError,
});

/**
 * A screen whose code comes when it is first opened. The router reloads the page once where that code
 * is gone because of a new release; without a server that would end on the browser's own error page.
 */
const lazyScreen: typeof lazyRouteComponent = (load, name) =>
  lazyRouteComponent(async () => {
    try {
      return await load();
    } catch (error) {
      if (await connection.check()) throw error;
      throw new ProblemError(UNREACHABLE);
    }
  }, name);

/** Who is signed in; "unknown" while the server is away, which ends nobody's session. */
async function restored(): Promise<SessionState["status"]> {
  try {
    return (await session.restore()).status;
  } catch (error) {
    if (!isTransient(error) && (await connection.check())) throw error;
    return "unknown";
  }
}

/** Where to go after signing in: only a path of this page. */
function nextOf(search: Record<string, unknown>): { next?: string } {
  const next = ownPath(search.next);
  return next === undefined ? {} : { next };
}

async function leaveWhenSignedIn({ search }: { search: { next?: string } }) {
  if ((await restored()) === "signed-in") throw redirect({ href: search.next ?? "/" });
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
  component: lazyScreen(() => import("@/features/accounts/LoginPage")),
  errorComponent: RootError,
});

const register = createRoute({
  getParentRoute: () => root,
  path: "/register",
  validateSearch: nextOf,
  beforeLoad: leaveWhenSignedIn,
  component: lazyScreen(() => import("@/features/accounts/RegisterPage")),
  errorComponent: RootError,
});

const goodbye = createRoute({
  getParentRoute: () => root,
  path: "/goodbye",
  validateSearch: ({ erasure }: Record<string, unknown>): { erasure?: string } =>
    typeof erasure === "string" ? { erasure } : {},
  component: lazyScreen(() => import("@/features/accounts/GoodbyePage")),
  errorComponent: RootError,
});

/** Everything that needs somebody signed in. */
const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  beforeLoad: async ({ location }) => {
    if ((await restored()) !== "signed-out") return;
    const next = location.href === "/" ? undefined : location.href;
    throw redirect({ to: (await isNew()) ? "/register" : "/login", search: { next } });
  },
  // What stands above and below every screen.
  loader: () => known(appQuery, jobsQuery),
  component: Shell,
  errorComponent: RootError,
});

const elsewhere = createRoute({
  getParentRoute: () => root,
  path: "$",
  beforeLoad: restored,
  component: NotFound,
});

const newChat = createRoute({
  getParentRoute: () => app,
  path: "/",
  component: lazyScreen(() => import("@/features/chat/NewChatPage")),
});

const chat = createRoute({
  getParentRoute: () => app,
  path: "/c/$id",
  component: lazyScreen(() => import("@/features/chat/ChatPage")),
});

const downloads = createRoute({
  getParentRoute: () => app,
  path: "/downloads",
  loader: () => known(storageQuery, speedLimitsQuery),
  validateSearch: ({ job }: Record<string, unknown>): { job?: string } =>
    typeof job === "string" ? { job } : {},
  component: lazyScreen(() => import("@/features/downloads/DownloadsPage")),
});

const library = createRoute({
  getParentRoute: () => app,
  path: "/library",
  validateSearch: librarySearch,
  loaderDeps: ({ search }) => search,
  loader: ({ deps }) => known(libraryQuery(queryOf(deps)), storageQuery),
  component: lazyScreen(() => import("@/features/library/LibraryPage")),
});

const history = createRoute({
  getParentRoute: () => app,
  path: "/library/history",
  component: lazyScreen(() => import("@/features/library/HistoryPage")),
});

const cleanup = createRoute({
  getParentRoute: () => app,
  path: "/library/clean-up",
  loader: () => known(storageQuery),
  component: lazyScreen(() => import("@/features/library/CleanupPage")),
});

const addData = createRoute({
  getParentRoute: () => app,
  path: "/library/add",
  validateSearch: ({ to }: Record<string, unknown>): { to?: string } =>
    typeof to === "string" ? { to } : {},
  component: lazyScreen(() => import("@/features/owndata/AddDataPage")),
});

const dataset = createRoute({
  getParentRoute: () => app,
  path: "/library/$key",
  validateSearch: datasetSearch,
  loaderDeps: ({ search: { revision, file } }) => ({ revision, file }),
  loader: ({ params, deps }) => known(askForDataset(params.key, deps.revision, deps.file)),
  component: lazyScreen(() => import("@/features/library/DatasetPage")),
});

const builtin = createRoute({
  getParentRoute: () => app,
  path: "/library/built-in",
  loader: () => known(pluginsQuery),
  component: lazyScreen(() => import("@/features/library/BuiltinPage")),
});

const CATEGORIES: readonly UploadCategory[] = ["medical", "xray", "traffic"];

const uploads = createRoute({
  getParentRoute: () => app,
  path: "/uploads",
  validateSearch: ({ category }: Record<string, unknown>): { category?: UploadCategory } => {
    const found = CATEGORIES.find((one) => one === category);
    return found ? { category: found } : {};
  },
  component: lazyScreen(() => import("@/features/uploads/UploadsPage")),
});

const upload = createRoute({
  getParentRoute: () => app,
  path: "/uploads/$category/$id",
  params: {
    parse: ({ category, id }) => ({
      category: CATEGORIES.find((one) => one === category) ?? "medical",
      id,
    }),
    stringify: (params) => params,
  },
  component: lazyScreen(() => import("@/features/uploads/UploadPage")),
});

const compare = createRoute({
  getParentRoute: () => app,
  path: "/compare",
  validateSearch: compareSearch,
  component: lazyScreen(() => import("@/features/compare/ComparePage")),
});

const settings = createRoute({
  getParentRoute: () => app,
  path: "/settings",
  component: lazyScreen(() => import("@/features/settings/SettingsLayout")),
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
  component: lazyScreen(() => import("@/features/settings/ProfilePage")),
});

const sources = createRoute({
  getParentRoute: () => settings,
  path: "sources",
  validateSearch: nextOf,
  loader: () => known(sourcesQuery),
  component: lazyScreen(() => import("@/features/settings/SourcesPage")),
});

const model = createRoute({
  getParentRoute: () => settings,
  path: "model",
  validateSearch: nextOf,
  loader: () => known(modelQuery),
  component: lazyScreen(() => import("@/features/settings/ModelPage")),
});

const privacy = createRoute({
  getParentRoute: () => settings,
  path: "privacy",
  component: lazyScreen(() => import("@/features/settings/PrivacyPage")),
});

const ownDataSettings = createRoute({
  getParentRoute: () => settings,
  path: "data",
  component: lazyScreen(() => import("@/features/settings/DataPage")),
});

const appearance = createRoute({
  getParentRoute: () => settings,
  path: "appearance",
  component: lazyScreen(() => import("@/features/settings/AppearancePage")),
});

const tokens = createRoute({
  getParentRoute: () => settings,
  path: "tokens",
  component: lazyScreen(() => import("@/features/settings/TokensPage")),
});

/** `?ref=a&ref=b`, as the API has it; the router itself would write a list as JSON. */
function withRepeatedRefs({ ref, ...rest }: Record<string, unknown>): string {
  const others = defaultStringifySearch(rest);
  if (!Array.isArray(ref)) return defaultStringifySearch({ ...rest, ref });
  const refs = ref.map((one) => `ref=${encodeURIComponent(one)}`).join("&");
  if (!refs) return others;
  return others ? `${others}&${refs}` : `?${refs}`;
}

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    register,
    goodbye,
    elsewhere,
    app.addChildren([
      newChat,
      chat,
      downloads,
      library,
      addData,
      history,
      cleanup,
      dataset,
      builtin,
      compare,
      uploads,
      upload,
      settings.addChildren([
        settingsIndex,
        profile,
        tokens,
        sources,
        model,
        privacy,
        ownDataSettings,
        appearance,
      ]),
    ]),
  ]),
  stringifySearch: withRepeatedRefs,
  defaultPreload: "intent",
  defaultPendingComponent: () => <Loading />,
  defaultErrorComponent: ErrorScreen,
});

const unwatch = router.subscribe("onRendered", () => {
  opened();
  unwatch();
});

async function loadScreen(id: keyof typeof router.routesById): Promise<void> {
  const { component } = router.routesById[id].options;
  if (component && "preload" in component)
    await (component as AsyncRouteComponent<never>).preload?.();
}

/** Load the code of every screen ahead, one after the other. */
export async function loadScreens(): Promise<void> {
  for (const id of Object.keys(router.routesById))
    await loadScreen(id as keyof typeof router.routesById);
}

// The code of the first screen comes while the session is restored, not after it.
for (const { routeId } of router.matchRoutes(router.latestLocation)) void loadScreen(routeId);

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
