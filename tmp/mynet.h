
#include <eml_net.h>
static const float mynet_layer_0_biases[15] = { -1.242138f, 0.516965f, -1.763730f, 1.195232f, 0.520085f, -0.496578f, -1.874132f, 0.002063f, -1.341966f, -1.391133f, -0.881508f, -0.098734f, -0.319747f, -0.167434f, -1.105688f };
static const float mynet_layer_0_weights[135] = { -0.681253f, -0.311286f, -0.964306f, -0.073433f, -1.048831f, -1.079989f, -0.530056f, -1.227406f, 0.483968f, 1.077752f, -1.147745f, -0.361151f, -0.530922f, 0.221712f, 0.277064f, 0.559454f, -0.763178f, -0.222310f, -1.243421f, -1.602563f, 1.295826f, 0.463251f, -0.193353f, -0.378644f, 0.372068f, -0.020585f, -0.535962f, -0.456852f, -0.345846f, 1.807468f, -0.212137f, -0.200862f, 0.594575f, 0.651817f, 1.096939f, -0.381010f, 0.839792f, 0.915842f, -1.184597f, -0.430566f, 0.010319f, 1.479833f, -1.164733f, 1.179942f, -1.147505f, -1.204116f, 0.956521f, -0.447208f, 0.817526f, -0.472764f, -1.522117f, -0.223489f, -1.009626f, -1.978996f, -0.235441f, -2.416394f, -0.522551f, 1.273925f, 0.376655f, 0.406038f, -0.071567f, -0.873655f, 0.711582f, 0.472944f, -0.778793f, 0.268864f, 0.226144f, -0.544162f, 0.596703f, -0.300814f, 1.676747f, 1.782021f, -0.904216f, 0.363583f, -0.417626f, -0.786722f, 0.020737f, -0.036087f, 0.861338f, 0.788369f, 1.590493f, -0.421690f, 1.118445f, -0.152924f, -0.387563f, 2.300211f, 1.522365f, 1.298604f, 0.518649f, 0.566565f, -1.110745f, 0.794699f, -0.378192f, -0.042413f, -0.171046f, -1.078380f, 1.199925f, -0.738208f, -1.027044f, 0.950727f, -0.525433f, -0.020950f, 0.002669f, -0.656914f, 0.396095f, 0.183415f, -0.732516f, 1.842022f, 0.946054f, 0.139896f, -0.945844f, -1.077280f, 1.006757f, 0.500444f, -1.501055f, 1.029524f, 0.982270f, 0.459733f, 0.451187f, -2.276243f, -1.947545f, -0.393178f, -1.916179f, -1.330974f, 1.190037f, 0.528732f, 0.243890f, 0.811586f, 0.522523f, -1.790207f, 0.844592f, 1.157627f, 0.279787f, -0.723109f, 0.027388f };
static const float mynet_layer_1_biases[1] = { -0.835913f };
static const float mynet_layer_1_weights[15] = { -1.640112f, 1.368639f, 1.718111f, -1.702529f, -1.042343f, 1.440232f, -2.144654f, 1.015372f, 2.425454f, 2.062586f, -1.873729f, 1.381168f, 0.886182f, 1.574181f, -1.707963f };
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
    