import { defineConfig } from 'vitest/config';

// Two cores: files run side by side only where they share nothing but the engine.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/apps/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
