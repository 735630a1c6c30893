import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { ApiError, type ApiRequest } from './client.ts';
import { useClient } from './context.ts';
import { keys } from './queries.ts';

/**
 * A change by the API. Nothing is shown as done before the server said so; then everything of the app is asked again.
 * `request` is pure: what to send for this argument. `onDone` gets the answer's JSON, not yet checked.
 */
export function useAction<Argument = void>(
  app: string | undefined,
  request: (argument: Argument) => ApiRequest,
  onDone?: (answer: unknown, argument: Argument) => void,
): UseMutationResult<unknown, Error, Argument> {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (argument) => await client.send(request(argument)),
    onSuccess: (answer, argument) => {
      onDone?.(answer, argument);
      void queries.invalidateQueries({ queryKey: app === undefined ? keys.apps : keys.app(app) });
    },
  });
}

/** What to show of a failure. A schema's own text names fields: that is for developers, not for the page. */
export function failureText(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return 'Cannot read the answer: it has another form than expected. Reload the page; it may be older than the server.';
}
