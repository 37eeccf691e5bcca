import { useNavigate, useSearch } from "@tanstack/react-router";

/** Go back to where a form was opened from, once it is done; to nowhere where it was opened by itself. */
export function useReturn(): { next?: string; goBack: () => void } {
  const { next } = useSearch({ strict: false }) as { next?: string };
  const navigate = useNavigate();
  return {
    next,
    goBack: () => {
      if (next) void navigate({ href: next });
    },
  };
}
