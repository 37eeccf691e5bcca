import { Link } from "@tanstack/react-router";
import { useTitle } from "@/ui/useTitle";

export function NotFound() {
  useTitle("Not found");
  return (
    <main id="main" className="mx-auto grid max-w-xl grid-cols-1 gap-2 px-4 py-16">
      <h1 className="text-24 font-semibold">There is no such screen</h1>
      <p>
        <Link to="/" className="text-accent underline underline-offset-2">
          Start a new chat
        </Link>
      </p>
    </main>
  );
}
