import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Without this vite bundles one copy of graphql and node loads another: "from another module or realm".
    alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], exclude: ['src/client/generated/**'] },
  },
});
