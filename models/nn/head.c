#include "models/nn/head.h"

#include "compute/ops/embed.h"
#include "compute/ops/gemm.h"
#include "compute/ops/layernorm.h"

void
nn_head_forward (NnContext *nn, NnHead *head, GpuTensor features, GpuTensor x, GpuTensor position)
{
  head->token = nn_take (nn, head->batch, x.cols);
  gpu_take_token (nn->stream, head->token, x, position);
  nn_give (nn, x);

  head->h = nn_take (nn, head->batch, x.cols);
  head->stats = nn_take (nn, head->batch, 2);
  gpu_layernorm (nn->stream, head->h, head->stats, head->token, nn_weight (nn, head->norm.weight),
                 nn_weight (nn, head->norm.bias));
  gpu_gemm (nn->stream, GPU_NN, features, head->h, nn_weight (nn, head->projection), NULL);
  nn_give_unless_training (nn, head->stats);
  nn_give_unless_training (nn, head->h);
  nn_give_unless_training (nn, head->token);
}

GpuTensor
nn_head_backward (NnContext *nn, NnHead *head, GpuTensor dfeatures, GpuTensor position)
{
  GpuTensor dh = nn_take (nn, head->h.rows, head->h.cols);
  gpu_gemm (nn->stream, GPU_NT, dh, dfeatures, nn_weight (nn, head->projection), NULL);
  gpu_gemm (nn->stream, GPU_TN, nn_gradient (nn, head->projection), head->h, dfeatures,
            &(GpuGemmOptions){ .accumulate = TRUE });

  GpuTensor dtoken = nn_take (nn, head->token.rows, head->token.cols);
  gpu_layernorm_backward (nn->stream, nn->arena, dtoken, nn_gradient (nn, head->norm.weight),
                          nn_gradient (nn, head->norm.bias), dh, head->token, head->stats,
                          nn_weight (nn, head->norm.weight), (GpuTensor){ 0 });
  nn_give (nn, dh);
  nn_give (nn, head->h);
  nn_give (nn, head->stats);
  nn_give (nn, head->token);

  GpuTensor dx = nn_take (nn, head->batch * head->tokens, dtoken.cols);
  gpu_take_token_backward (nn->stream, dx, dtoken, position);
  nn_give (nn, dtoken);
  return dx;
}
