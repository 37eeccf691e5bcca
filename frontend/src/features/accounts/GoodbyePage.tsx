import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { ProblemBox } from "@/ui/ProblemBox";
import { AccountScreen } from "./AccountScreen";

/** `/goodbye`: whether all of an account is gone that was just erased. */
export default function GoodbyePage() {
  const { erasure } = useSearch({ from: "/goodbye" });
  const state = useQuery({
    queryKey: ["erasure", erasure],
    queryFn: () =>
      answerOf(
        api.GET("/api/erasures/{erasure_id}", { params: { path: { erasure_id: erasure ?? "" } } }),
      ),
    enabled: erasure !== undefined,
    refetchInterval: ({ state: { data } }) => (data?.finished_at ? false : 1000),
  });
  const finished = Boolean(state.data?.finished_at);
  return (
    <AccountScreen title="Goodbye" intro="Thank you for having used Dataferry.">
      {state.isError && <ProblemBox problem={asProblem(state.error)} />}
      <p role="status" className="text-14">
        {finished
          ? "Everything of yours is gone from this server."
          : "Your account is closed, and everything of yours is being erased. You can leave this page."}
      </p>
      <p className="text-14 text-muted">
        Backups are made by whoever runs this server: ask them how long these are kept.
      </p>
      <Link to="/login" className="text-14 text-accent underline underline-offset-2">
        To the sign-in page
      </Link>
    </AccountScreen>
  );
}
