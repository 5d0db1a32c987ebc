# What the bundle is made of and made with, in the locked versions, and nothing of the tests.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN node -e "const p = require('./package.json'); for (const name in p.devDependencies) if (!p.buildPackages.includes(name)) delete p.devDependencies[name]; require('node:fs').writeFileSync('package.json', JSON.stringify(p))"
RUN npm install --ignore-scripts

FROM packages AS build
COPY tsconfig.json tsconfig.build.json tsconfig.browser.json esbuild.config.ts ./
COPY src src
RUN node_modules/.bin/tsc -p tsconfig.browser.json --incremental false && node_modules/.bin/tsx esbuild.config.ts

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
# The command needs no package beside its bundle.
COPY --from=build /app/dist dist
COPY package.json ./
COPY schema schema
# Writes nothing but standard output, so the file system may be read-only.
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
