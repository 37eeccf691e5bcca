import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { asProblem, isTransient } from "@/api/problem";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";

const RETRY_MS = 3000;

/** A screen that could not be shown. A server that is away is asked again by itself. */
export function ErrorScreen({ error }: ErrorComponentProps) {
  const router = useRouter();
  const away = isTransient(error);
  useEffect(() => {
    if (!away) return;
    const timer = setInterval(() => void router.invalidate(), RETRY_MS);
    return () => clearInterval(timer);
  }, [away, router]);
  return (
    <main id="main" className="mx-auto grid max-w-xl grid-cols-1 gap-4 px-4 py-16">
      <h1 className="text-24 font-semibold">
        {away ? "Waiting for the server" : "This screen failed"}
      </h1>
      <ProblemBox problem={asProblem(error)}>
        <Button size="sm" onClick={() => void router.invalidate()}>
          Try again
        </Button>
      </ProblemBox>
    </main>
  );
}
