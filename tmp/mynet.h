
#include <eml_net.h>
static const float mynet_layer_0_biases[15] = { -0.309308f, 0.269434f, -0.074012f, 0.322213f, 0.202929f, 0.100624f, -0.395485f, -0.390727f, -0.342828f, -0.506843f, -0.436982f, -0.244545f, 0.256982f, 0.096564f, -0.530121f };
static const float mynet_layer_0_weights[135] = { -0.062719f, 0.171977f, -0.522445f, -0.151385f, -0.308198f, -0.451575f, -0.269558f, -0.204167f, -0.073548f, 0.091469f, -0.052408f, 0.154389f, -0.343834f, 0.333092f, -0.428115f, 0.217258f, -0.124530f, 0.108984f, -0.315758f, -0.345675f, 0.348205f, 0.430481f, -0.229626f, 0.139576f, 0.316792f, 0.349379f, -0.442931f, -0.508139f, -0.283448f, 0.359741f, -0.354389f, -0.124864f, 0.506150f, 0.071379f, 0.142654f, -0.126455f, 0.150469f, 0.383727f, -0.515718f, 0.201060f, 0.443386f, 0.279993f, -0.178503f, 0.328896f, -0.348784f, -0.030192f, 0.454084f, -0.251554f, -0.179777f, -0.331449f, -0.523298f, 0.130190f, -0.331897f, -0.282776f, -0.057001f, -0.476426f, 0.085702f, -0.356980f, 0.041328f, 0.152886f, -0.348805f, -0.132266f, 0.244261f, -0.039081f, -0.407605f, -0.006572f, 0.213580f, -0.037474f, 0.461513f, 0.041252f, 0.362010f, -0.362688f, -0.407889f, 0.260548f, -0.054399f, -0.288874f, 0.419316f, -0.161183f, 0.286658f, 0.178769f, 0.432061f, 0.068605f, 0.301049f, -0.194932f, -0.179601f, 0.357119f, -0.037105f, 0.460181f, 0.117654f, 0.173986f, -0.422176f, 0.408398f, -0.098826f, 0.124446f, -0.043276f, -0.310061f, 0.439469f, 0.022055f, -0.543892f, 0.171953f, -0.130713f, -0.005497f, 0.335205f, -0.187986f, 0.376331f, 0.078752f, -0.451542f, 0.478124f, 0.148950f, 0.453736f, -0.278671f, -0.416477f, 0.483276f, 0.243895f, -0.385457f, 0.208125f, 0.283527f, 0.469664f, 0.256961f, -0.399122f, -0.453512f, -0.424728f, -0.418335f, -0.303656f, 0.312140f, 0.088620f, 0.005989f, 0.392601f, -0.321873f, -0.271124f, 0.040931f, 0.501234f, 0.110274f, -0.432954f, 0.254330f };
static const float mynet_layer_1_biases[1] = { -0.546923f };
static const float mynet_layer_1_weights[15] = { -0.480271f, 0.521787f, 0.125159f, -0.327620f, -0.258458f, 0.345464f, -0.343541f, 0.149061f, 0.620399f, 0.378159f, -0.274461f, 0.039226f, 0.192410f, 0.360274f, -0.375634f };
static float mynet_buf1[15];
static float mynet_buf2[15];
static const EmlNetLayer mynet_layers[2] = { 
{ 15, 9, mynet_layer_0_weights, mynet_layer_0_biases, EmlNetActivationRelu }, 
{ 1, 15, mynet_layer_1_weights, mynet_layer_1_biases, EmlNetActivationLogistic } };
static EmlNet mynet = { 2, mynet_layers, mynet_buf1, mynet_buf2, 15 };

    int32_t
    mynet_predict(const float *features, int32_t n_features)
    {
        return eml_net_predict(&mynet, features, n_features);
    }
    

    int32_t
    mynet_regress(const float *features, int32_t n_features, float *out, int32_t out_length)
    {
        return eml_net_regress(&mynet, features, n_features, out, out_length);
    }
    

    float
    mynet_regress1(const float *features, int32_t n_features)
    {
        return eml_net_regress1(&mynet, features, n_features);
    }
    