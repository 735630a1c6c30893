import { describe, expect, it } from 'vitest';
import { prepareTree } from '../../../buildpacks/lifecycle/source-tree.ts';
import { treeOf } from '../sample-tree.ts';

describe('buildpacks/lifecycle/source-tree', () => {
  it('leaves the tree as it is without .slugignore', async () => {
    const tree = treeOf({ 'a.js': '' });
    expect((await prepareTree(tree)).tree).toBe(tree);
  });

  it('takes away what .slugignore names, for buildpacks and for the image', async () => {
    const tree = treeOf({ '.slugignore': 'docs/\n*.psd\n!keep.psd\n', 'a.js': '', 'docs/a.md': '', 'keep.psd': '' });
    const prepared = await prepareTree(tree);
    expect([...prepared.tree.files.keys()]).toEqual(['.slugignore', 'a.js']);
    expect(await prepared.tree.readText('docs/a.md')).toBeUndefined();
    const paths = ['docs', 'docs/a.md', 'keep.psd', 'a.js', 'src'];
    expect(paths.filter(prepared.keeps)).toEqual(['a.js', 'src']);
    expect(prepared.notices).toEqual(['.slugignore leaves out 2 files']);
  });

  it('says that submodules are not fetched', async () => {
    const { notices } = await prepareTree(treeOf({ lib: '' }, { lib: '160000' }));
    expect(notices).toEqual(['Submodules are not fetched, their folders are empty: lib. Commit the files themselves']);
  });
});
