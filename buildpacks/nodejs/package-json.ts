import { z } from 'zod';
import type { SourceTree } from '../../server/domain/build-plan.ts';
import { ShipwayError } from '../../server/domain/error.ts';

const dependencies = z.record(z.string(), z.string()).default({});

const packageJsonSchema = z.object({
  main: z.string().optional().catch(undefined),
  // npm once took arrays and other shapes here; what is no text says nothing about versions.
  engines: z
    .object({ node: z.string().optional().catch(undefined), npm: z.string().optional().catch(undefined) })
    .default({})
    .catch({}),
  scripts: z.record(z.string(), z.string()).default({}),
  dependencies,
  devDependencies: dependencies,
  optionalDependencies: dependencies,
  workspaces: z.unknown().optional(),
});

/** The fields of package.json that decide how an app is built and started. */
export type PackageJson = Readonly<z.output<typeof packageJsonSchema>>;

/** @throws ShipwayError invalid_params that says where the file is wrong. */
export async function readPackageJson(tree: SourceTree): Promise<PackageJson> {
  const text = await tree.readText('package.json');
  if (text === undefined) throw refuse('it is larger than 4 MiB or no regular file');
  const result = packageJsonSchema.safeParse(parseJson(text));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw refuse(`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'not an object'}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw refuse(`it is not valid JSON (${error instanceof Error ? error.message : 'syntax error'})`);
  }
}

function refuse(problem: string): ShipwayError {
  return new ShipwayError('invalid_params', `Cannot read package.json: ${problem}. Correct it and push again.`);
}
