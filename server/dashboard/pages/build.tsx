import { failureOf, useBuild } from '../api/queries.ts';
import { BuildPanel } from '../parts/build-panel.tsx';
import { Failure, Loading } from '../parts/messages.tsx';
import { Link } from '../parts/navigation.tsx';

export function BuildPage({ app, id }: { readonly app: string; readonly id: string }) {
  const build = useBuild(app, id);
  return (
    <section aria-labelledby="build-title">
      <p className="back">
        <Link to={{ page: 'app', app, tab: 'builds' }}>All builds</Link>
      </p>
      <h2 id="build-title" className="hidden">
        Build
      </h2>
      <Failure error={failureOf(build)} />
      {build.data === undefined && failureOf(build) === null && <Loading />}
      {build.data !== undefined && <BuildPanel app={app} build={build.data} tall />}
    </section>
  );
}
