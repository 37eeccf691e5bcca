import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { connection } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Problem } from "@/api/types";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { useConnection } from "@/ui/useConnection";
import { useTitle } from "@/ui/useTitle";
import { Frame } from "./Frame";

const MISSING_PART: Pick<Problem, "detail" | "next_step"> = {
  detail: "A part of the page is not there: Dataferry was probably updated.",
  next_step: "Reload the page.",
};

/** A screen that could not be shown. Once a server that was away is back, it is tried again. */
export function ErrorScreen({ error }: ErrorComponentProps) {
  const router = useRouter();
  const up = useConnection();
  useTitle(up ? "Something went wrong" : "Waiting for the server");
  useEffect(() => connection.watch(() => connection.isUp() && void router.invalidate()), [router]);
  return (
    <div className="mx-auto grid max-w-xl grid-cols-1 gap-4 px-4 py-16 md:px-8">
      <h1 className="text-24 font-semibold tracking-tight">
        {up ? "This page could not be shown" : "Waiting for the server"}
      </h1>
      {up ? (
        <ProblemBox problem={error instanceof TypeError ? MISSING_PART : asProblem(error)}>
          <Button size="sm" onClick={() => void router.invalidate()}>
            Try again
          </Button>
          <Button size="sm" onClick={() => location.reload()}>
            Reload
          </Button>
        </ProblemBox>
      ) : (
        <>
          <p className="text-muted">This page opens as soon as the server answers.</p>
          <p>
            <Button onClick={() => void connection.check()}>Try again</Button>
          </p>
        </>
      )}
    </div>
  );
}

/** The same where nothing else of the page stands. */
export function RootError(props: ErrorComponentProps) {
  return (
    <Frame>
      <ErrorScreen {...props} />
    </Frame>
  );
}
