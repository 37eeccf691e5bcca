import { QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/preact";
import type { ReactElement } from "react";
import { queryClient } from "@/api/live";

/** Draw something that has links and queries in it, on a page of its own. */
export function renderOnPage(content: ReactElement) {
  const root = createRootRoute({ component: Outlet });
  const page = createRoute({ getParentRoute: () => root, path: "/", component: () => content });
  const rest = createRoute({ getParentRoute: () => root, path: "$", component: () => "elsewhere" });
  const router = createRouter({
    routeTree: root.addChildren([page, rest]),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  return render(
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
}

export interface Call {
  method: string;
  path: string;
  body: string;
}

/** Answer the page's requests by `METHOD /path`; everything else is a 404 problem. */
export function answerRequests(
  answers: Record<string, (call: Call) => Response | Promise<Response>>,
): { fetch: typeof fetch; calls: Call[] } {
  const calls: Call[] = [];
  async function answer(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const call = { method: request.method, path: pathname + search, body: await request.text() };
    calls.push(call);
    const found = answers[`${call.method} ${pathname}`];
    return found ? found(call) : problem(404, "not_found", `No answer for ${pathname}.`);
  }
  return { fetch: answer, calls };
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json" },
  });
}

export function problem(status: number, code: string, detail: string, more: object = {}): Response {
  return new Response(JSON.stringify({ title: code, status, code, detail, ...more }), {
    status,
    headers: { "Content-Type": "application/problem+json" },
  });
}
