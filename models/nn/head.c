#include "models/nn/head.h"

#include "compute/ops/gemm.h"
#include "compute/ops/layernorm.h"

void
nn_head_forward (NnContext *nn, NnHead *head, GpuTensor features, GpuTensor x)
{
  head->x = x;
  head->h = nn_take (nn, x.rows, x.cols);
  head->stats = nn_take (nn, x.rows, 2);
  gpu_layernorm (nn->stream, head->h, head->stats, x, nn_weight (nn, head->norm.weight),
                 nn_weight (nn, head->norm.bias));
  gpu_gemm (nn->stream, GPU_NN, features, head->h, nn_weight (nn, head->projection), NULL);
  nn_give_unless_training (nn, head->stats);
  nn_give_unless_training (nn, head->h);
  nn_give_unless_training (nn, x);
}

GpuTensor
nn_head_backward (NnContext *nn, NnHead *head, GpuTensor dfeatures)
{
  GpuTensor dh = nn_take (nn, head->h.rows, head->h.cols);
  gpu_gemm (nn->stream, GPU_NT, dh, dfeatures, nn_weight (nn, head->projection), NULL);
  gpu_gemm (nn->stream, GPU_TN, nn_gradient (nn, head->projection), head->h, dfeatures,
            &(GpuGemmOptions){ .accumulate = TRUE });

  GpuTensor dx = nn_take (nn, head->x.rows, head->x.cols);
  gpu_layernorm_backward (nn->stream, nn->arena, dx, nn_gradient (nn, head->norm.weight),
                          nn_gradient (nn, head->norm.bias), dh, head->x, head->stats,
                          nn_weight (nn, head->norm.weight), (GpuTensor){ 0 });
  nn_give (nn, dh);
  nn_give (nn, head->h);
  nn_give (nn, head->stats);
  nn_give (nn, head->x);
  return dx;
}
