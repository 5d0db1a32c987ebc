import { createCognitoService } from 'cognito-graphql';

export const cognito = createCognitoService({
  identityPoolId: 'us-east-1:11111111-2222-4333-8444-555555555555',
  developerProviderName: 'login.app',
  audit: '/var/log/cognito-graphql.log',
});
